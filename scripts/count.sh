#!/usr/bin/env bash
# Reads what test runners print (files or standard input) and sums their results: "N passed, N failed, N skipped".
# Understands cargo's own ("test result: ok. 3 passed; 0 failed; 1 ignored; ...") and lines of the form that it prints.
exec awk '
    /^test result: / { passed += $4; failed += $6; skipped += $8 }
    /^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { passed += $1; failed += $3; skipped += $5 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }
' "$@"
