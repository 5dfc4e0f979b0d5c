# What a job script does on its node: starts the ranks, turns signals into a checkpoint, puts the job back into the queue.
#
# Sourced by the .sbatch files here, which have the requests to Slurm; `divisi submit` writes it behind those that it makes. The arguments:
# a parameter file, and words for `divisi run`. Variables that can be set outside: DIVISI_PROGRAM, DIVISI_LAUNCHER, DIVISI_OUT,
# DIVISI_RESTARTS, DIVISI_SRUN_MPI, DIVISI_BINDING, DIVISI_RESUME. See docs/howto/slurm.md.
# shellcheck shell=bash

simulation=${1:?the parameter file of a run}
shift
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
program=${DIVISI_PROGRAM:-${here%/*}/target/release/divisi} # of this checkout, or else the one that is installed
[[ -x $program ]] || program=$(command -v "${DIVISI_PROGRAM:-divisi}") || {
    echo "there is no program: cargo build --release, or set DIVISI_PROGRAM" >&2
    exit 2
}
launcher=${DIVISI_LAUNCHER:-srun}                          # srun or mpirun
out=${DIVISI_OUT:-runs/$(basename "$simulation" .toml)-$SLURM_JOB_ID}   # the same after a requeue
restarts=${DIVISI_RESTARTS:-20}                            # how often the job may go back into the queue

# Load what the program was built with:
# module load openmpi hdf5

case $launcher in
    # For a program built with MPICH or Intel MPI: DIVISI_SRUN_MPI=pmi2. `srun --mpi=list` prints what there is.
    srun) launch=(srun --mpi="${DIVISI_SRUN_MPI:-pmix}" --kill-on-bad-exit=0 --wait=10 --cpu-bind="${DIVISI_BINDING:-cores}") ;;
    mpirun) launch=(mpirun) ;;
    *) echo "DIVISI_LAUNCHER is '$launcher': srun or mpirun" >&2; exit 2 ;;
esac
[[ -z ${SLURM_CPUS_PER_TASK:-} ]] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK

# USR1 comes from Slurm before the end, TERM from an administrator or from preemption: both become the signal at which
# the run writes a checkpoint and ends with status 85. (TERM sent to mpirun itself would kill the ranks.)
# USR2 comes from `divisi cancel`: the same, and the job stays out of the queue.
# ALRM comes from below, where the run has not stopped in time: Slurm is about to kill the job, which then nobody puts back.
pid='' stopping=''
forward() { stopping=yes; [[ -z $pid ]] || kill -USR1 "$pid" 2>/dev/null; }
late() { [[ -z $pid ]] || { echo "the time is over: what is under way is lost"; kill -KILL "$pid" 2>/dev/null; }; }
cancel() { restarts=-1; forward; }
trap forward USR1 TERM
trap cancel USR2
trap late ALRM

# The run ends with a checkpoint before the job does. Newer Slurms tell a job its end, older ones when they are asked.
if [[ -z ${SLURM_JOB_END_TIME:-} ]]; then
    end=$(date -d "$(squeue -h -j "$SLURM_JOB_ID" -o %e)" +%s 2>/dev/null) && export SLURM_JOB_END_TIME=$end
fi

if [[ ${SLURM_JOB_END_TIME:-} ]]; then
    left=$((SLURM_JOB_END_TIME - $(date +%s) - 15))
    ((left <= 0)) || { sleep "$left" && kill -ALRM $$; } &
fi

restart=${SLURM_RESTART_COUNT:-0}
resume=()
if [[ ${DIVISI_RESUME:-} ]] || { ((restart > 0)) && [[ -d $out ]]; }; then resume=(--resume); fi

echo "job $SLURM_JOB_ID, start $((restart + 1)), $SLURM_NTASKS ranks on $SLURM_JOB_NODELIST, $(date '+%F %T')"
# shellcheck disable=SC2016 # the ranks expand it
"${launch[@]}" bash -c 'echo "rank ${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-$SLURM_PROCID}} on $(hostname):" \
    "cores $(sed -n "s/^Cpus_allowed_list:\t//p" /proc/self/status)"'

log() { stat -c '%i %y' "$out/run.log" 2>/dev/null; } # changes as soon as all ranks are there
kept() { find "$out/checkpoints" "$out/journal" -type f -printf '%p %s %T@\n' 2>/dev/null | sort; } # what a start leaves
before=$(kept)
status=85
for attempt in 1 2 3; do
    [[ ! $stopping ]] || break
    logged=$(log)
    echo "${launch[*]} $program run $simulation --out $out ${resume[*]} $*"
    "${launch[@]}" "$program" run "$simulation" --out "$out" "${resume[@]}" "$@" &
    pid=$!
    while wait "$pid"; status=$?; kill -0 "$pid" 2>/dev/null; do :; done # a trap interrupts wait
    pid=''
    [[ $(log) == "$logged" && $status != [12] ]] || break
    # A node that has just come back may fail to start its ranks; srun then returns 0 or 137, and the next try works.
    echo "try $attempt: the ranks were not started (status $status)"
    status=1
done
if [[ $(kept) == "$before" ]]; then did_something=''; else did_something=yes; fi

# A launcher that goes on without dead ranks forgets their statuses; the journal of a sweep knows: 0, 3 or 85. MPICH's mpiexec may
# forget them when it passes a signal on; the run's folder knows. A start that failed without doing anything keeps its own.
if [[ $status == 0 && $stopping || $status == [01] && -e $out/journal && ($status == 0 || $did_something$stopping) ]]; then
    "$program" status "$out"
    status=$?
fi

requeue() { # returns where Slurm doesn't put the job back
    local state refused=0 tries
    for ((tries = 0; tries < 60; tries++)); do
        # Without an answer the controller is away, and comes back.
        if state=$(squeue -h -j "$SLURM_JOB_ID" -o %T 2>/dev/null); then
            [[ $state == RUNNING ]] || return # someone cancelled the job
            scontrol requeue "$SLURM_JOB_ID" && sleep 300 # until Slurm ends this shell
            ((++refused < 3)) || return
        fi
        sleep 5
    done
}

# Another start goes on where this one was stopped (85), or where ranks were killed (128 and more). One that did nothing, though
# nobody asked it to stop, or that was killed before it kept anything, would do the same again.
goes_on=''
case $status in
    85) goes_on=$stopping$did_something ;;
    12[89] | 1[3-9]? | 2??) goes_on=$did_something ;;
esac
if [[ $goes_on ]] && ((restart < restarts)); then
    echo "not finished (status $status): the job goes back into the queue"
    requeue
fi
echo "status $status, $(date '+%F %T')"
exit "$status"
