"""Genes, one by one."""
