# What a job script does on its node: starts the ranks, turns signals into a checkpoint, puts the job back into the queue.
#
# Taken in by the .sbatch files here, which say what Slurm is asked for and which simulation runs. Variables that can be set outside:
# DIVISI_SIMULATION, DIVISI_PROGRAM, DIVISI_LAUNCHER, DIVISI_OUT, DIVISI_RESTARTS. See docs/slurm.md.
# shellcheck shell=bash

simulation=${DIVISI_SIMULATION:?the parameter file of a run}
program=${DIVISI_PROGRAM:-target/release/divisi}
launcher=${DIVISI_LAUNCHER:-srun}                          # srun or mpirun
out=${DIVISI_OUT:-runs/$SLURM_JOB_NAME-$SLURM_JOB_ID}      # the same after a requeue
restarts=${DIVISI_RESTARTS:-20}                            # how often the job may go back into the queue

# Load what the program was built with:
# module load openmpi hdf5

case $launcher in
    # For a program built with MPICH or Intel MPI: --mpi=pmi2. `srun --mpi=list` prints what there is.
    srun) launch=(srun --mpi=pmix --kill-on-bad-exit=0 --wait=30 --cpu-bind=cores) ;;
    mpirun) launch=(mpirun) ;;
    *) echo "DIVISI_LAUNCHER is '$launcher': srun or mpirun" >&2; exit 2 ;;
esac
[[ -z ${SLURM_CPUS_PER_TASK:-} ]] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK

# USR1 comes from Slurm before the end, TERM from an administrator or from preemption: both become the signal at which
# the run writes a checkpoint and ends with status 85. (TERM sent to mpirun itself would kill the ranks.)
pid='' stopping=''
forward() { stopping=yes; [[ -z $pid ]] || kill -USR1 "$pid" 2>/dev/null; }
trap forward USR1 TERM

# The run ends with a checkpoint before the job does. Newer Slurms tell a job its end, older ones when they are asked.
if [[ -z ${SLURM_JOB_END_TIME:-} ]]; then
    end=$(date -d "$(squeue -h -j "$SLURM_JOB_ID" -o %e)" +%s 2>/dev/null) && export SLURM_JOB_END_TIME=$end
fi

restart=${SLURM_RESTART_COUNT:-0}
resume=()
if ((restart > 0)) && [[ -d $out ]]; then resume=(--resume); fi

echo "job $SLURM_JOB_ID, start $((restart + 1)), $SLURM_NTASKS ranks on $SLURM_JOB_NODELIST, $(date '+%F %T')"
# shellcheck disable=SC2016 # the ranks expand it
"${launch[@]}" bash -c 'echo "rank ${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-$SLURM_PROCID}} on $(hostname):" \
    "cores $(sed -n "s/^Cpus_allowed_list:\t//p" /proc/self/status)"'

log() { stat -c '%i %y' "$out/run.log" 2>/dev/null; } # changes as soon as all ranks are there
status=85
for attempt in 1 2 3; do
    [[ ! $stopping ]] || break
    before=$(log)
    echo "${launch[*]} $program run $simulation --out $out ${resume[*]} $*"
    "${launch[@]}" "$program" run "$simulation" --out "$out" "${resume[@]}" "$@" &
    pid=$!
    while wait "$pid"; status=$?; kill -0 "$pid" 2>/dev/null; do :; done # a trap interrupts wait
    [[ $(log) == "$before" && $status != [12] ]] || break
    # A node that has just come back may fail to start its ranks; srun then returns 0 or 137, and the next try works.
    echo "try $attempt: the ranks were not started (status $status)"
    status=1
done

# A launcher that goes on without dead ranks forgets their statuses; the journal of a sweep knows: 0, 3 or 85.
if [[ $status == [01] && -e $out/journal ]]; then
    "$program" status "$out"
    status=$?
fi

# Status 85: not finished, and can be continued, but by the same words only if it was stopped before its end. A job that someone
# cancelled is no longer RUNNING.
ended() { tail -n 40 "$out/run.log" 2>/dev/null | grep -q 'but not the goal'; }
if ((status == 85 && restart < restarts)) && ! ended && [[ $(squeue -h -j "$SLURM_JOB_ID" -o %T) == RUNNING ]]; then
    echo "not finished: the job goes back into the queue"
    scontrol requeue "$SLURM_JOB_ID" && sleep 300 # until Slurm ends this shell
fi
echo "status $status, $(date '+%F %T')"
exit "$status"
