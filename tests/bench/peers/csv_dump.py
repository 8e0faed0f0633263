"""A whole table as CSV: csv_dump.py DATABASE TABLE"""
import csv
import sqlite3
import sys

rows = sqlite3.connect(sys.argv[1]).execute(f"SELECT * FROM {sys.argv[2]}")
out = csv.writer(sys.stdout)
out.writerow(column[0] for column in rows.description)
out.writerows(rows)
