"""Which form of export a text is; what is not read is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netpos.commands import check as checking
from netpos.errors import InputError
from netpos.ingest.corpus import read
from netpos.ingest.discover import find
from netpos.ingest.recognise import recognise
from tests.ingest.readers.test_wrappers import FAULTS

FOREIGN = {
    "google patents": "search URL:,https://patents.google.com/?q=x\nid,title,assignee\nUS-1-A,T,B\n",
    "google publications, inside": '{"rows": [{"publication_number": "US-1-A", '
    '"assignee_harmonized": []}]}\n',
    "google publications, csv": "publication_number,country_code,family_id\nUS-1-A,US,1\n",
    "patstat": "appln_id,appln_auth,docdb_family_id\n1,US,2\n",
    "patstat, json": '[{"appln_id": 1, "appln_auth": "US"}]',
    "espacenet": "No;Title;Inventors;Applicants;Publication number;Earliest priority;IPC;CPC;"
    "Publication date;Earliest publication;Family number\n1;T;A;B;US1A;2010;X;Y;2011;2011;5\n",
    "espacenet, answer": '<?xml version="1.0"?><ops:world-patent-data></ops:world-patent-data>',
    "orbit": "Title,Publication numbers,Questel unique family ID (FAN),Inventors\nT,US1,5,A\n",
    "derwent": "Publication Number,Title - DWPI,Assignee - DWPI\nUS1A,T,B\n",
    "derwent, tagged": "FN Clarivate Analytics Web of Science\nVR 1.0\nPT P\nPN US1-A\n",
    "patentsview tables": "patent_id\tcitation_patent_id\tcitation_date\n1\t2\t2001-01-01\n",
    "patentsview citations": '{"us_patent_citations": [{"patent_id": "1"}], "count": 1}',
    "flattened": (FAULTS / "F16_json_normalize.jsonl").read_text(encoding="utf-8"),
    "flattened, csv": "lens_id,jurisdiction,biblio.parties.applicants\n000-000-000-000-019,NL,[]\n",
    "data frame": json.dumps({"lens_id": {"0": "000-000-000-000-019"}, "kind": {"0": "A1"}}),
    "data frame, csv": ",lens_id,jurisdiction,biblio\n0,000-000-000-000-019,NL,{'parties': {}}\n",
    "data frame, values": '[["000-000-000-000-019", {"references_cited": {"citations": []}}]]',
    "flattened, other sign": "lens_id,kind,biblio_parties\n000-000-000-000-019,A1,[]\n",
    "python": "[{'lens_id': '000-000-000-000-019', 'jurisdiction': 'NL'}]",
    "espacenet, with its search": "Results list\nTitle;Publication number;Earliest publication;"
    "Family number\nT;US1A;2011;5\n",
    "orbit, fampat": "FAMPAT accession number;Patent numbers;Title\n1;US1;T\n",
    "derwent innovation": "Publication Number\tTitle\tAssignee/Applicant\nUS1A\tT\tA\n",
    "derwent, tabs": "PN\tTI\tAU\tAE\tGA\tAB\nUS1-A\tT\tA\tB\tC\tD\n",
    "patstat, persons": "person_id,person_name,person_ctry_code\n1,A,NL\n",
    "data frame, split": '{"columns": ["lens_id"], "index": [0], "data": [["0"]]}',
}


OTHER = {
    "openalex": '{"results": [{"id": "https://openalex.org/W1", "title": "x"}]}',
    "openalex, csv": "id,title,publication_year\nhttps://openalex.org/W1,x,2018\n",
    "error": '{"reference": "x", "message": "Too many requests", "code": 429}',
    "scholarly": '{"lens_id": "000-000-000-000-019", "authors": [], "fields_of_study": ["x"]}',
}


@pytest.mark.parametrize("name", FOREIGN)
def test_patents_in_another_form_are_named_as_such(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text(FOREIGN[name], encoding="utf-8")
    (source,) = find([tmp_path / "a.txt"])
    assert source.form == "other-patents"
    assert source.why
    assert any(word in source.why for word in ("export", "keep"))


def test_column_names_in_lower_case_are_no_sign_of_a_flattened_file() -> None:
    head = b"lens_id,jurisdiction,kind,legal_status\n"
    assert recognise(head, whole=True) == ("lens-csv", None, None)


@pytest.mark.parametrize("patents", ["[]", "null"])
def test_an_answer_without_hits_is_an_export_of_nothing(patents: str) -> None:
    answer = f'{{"patents": {patents}, "count": 0, "total_patent_count": 0}}'.encode()
    assert recognise(answer, whole=True)[0] == "patentsview-json"


@pytest.mark.parametrize("line", ["\n", "\x1b[2J", "\u202e"])
def test_what_is_quoted_of_a_file_stays_one_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.json").write_text(f'{{"ke{line}y": 1}}', encoding="utf-8")
    (source,) = find([tmp_path / "a.json"])
    assert source.why is not None
    assert source.why.isprintable()


def test_a_header_that_ends_otherwise_than_it_began_is_named(tmp_path: Path) -> None:
    known = "Jurisdiction,Kind,Lens ID,Title".ljust(2**20 - 1, "x")
    (tmp_path / "a.csv").write_text(f"{known},biblio.parties\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="flattened by a program"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("name", OTHER)
def test_what_is_no_patents_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.json").write_text(OTHER[name], encoding="utf-8")
    (source,) = find([tmp_path / "a.json"])
    assert source.form in ("not-an-export", "lens-scholarly-json")
    assert source.why
    assert any(word in source.why for word in ("export", "fetch"))


@pytest.mark.parametrize("name", ["easy_esg", "salmon_network"])
def test_scholarly_exports_are_refused_by_name_with_the_remedy(real: Path, name: str) -> None:
    path = real / "lens_csv" / "not_patents" / f"{name}_scholarly_lens-export.csv.gz"
    (found,) = checking.check([path])
    assert found.form == "lens-scholarly-csv"
    text = checking.paragraph(found)
    assert "scholarly works" in text
    assert "export from Lens > Patents" in text


def test_notebook_table_is_no_export(real: Path) -> None:
    (found,) = checking.check([real / "lens_json" / "artigo_rp2" / "test.csv"])
    assert found.form == "not-an-export"
    assert "notebook" in checking.paragraph(found)


@pytest.mark.parametrize(
    "name", ["dronesr_applicants", "dronesr_applicants_cleaned", "drones_tac_1695_cleaned"]
)
def test_tables_of_names_are_no_exports(real: Path, name: str) -> None:
    (found,) = checking.check([real / "lens_names" / f"{name}.csv.gz"])
    assert found.form == "not-an-export"
    assert found.why
