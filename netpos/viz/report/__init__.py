"""The report and the comparison: sentences, facts and the pages made of them."""
