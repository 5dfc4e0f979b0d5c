# A task of stability.toml: writes what the run needs, runs it, prints its result.
#
#     sh two_planets.sh RATIO ECCENTRICITY FOLDER
set -eu
ratio=$1 eccentricity=$2 folder=$3
program=${DIVISI_PROGRAM:-../../target/release/divisi}

# A star of the Sun's mass, a planet on a circle at 1 au, one at its periapsis on the other side of the star (Kepler's third law).
awk -v ratio="$ratio" -v e="$eccentricity" 'BEGIN {
    gm = 0.000295912208284120                  # of the Sun, au^3/day^2
    print "name,gm,a,e,inc,Omega,omega,M"
    printf "Star,%.17g,,,,,,\n", gm
    printf "Inner,%.17g,1,0,0,0,0,0\n", 1e-4 * gm
    printf "Outer,%.17g,%.17g,%.17g,0,0,180,0\n", 1e-4 * gm, exp(2 / 3 * log(ratio)), e
}' >"$folder/orbits.csv"

"$program" run two_planets.toml "initial.file=$folder/orbits.csv" --out "$folder/run" >&2

# The last row of the column megno.
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "megno") column = i } END { print $column }' "$folder/run/history.csv"
