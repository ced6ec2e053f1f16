#!/bin/sh
# One trial of a search in each task of a Slurm job array, without any service: the trials meet in a folder that all
# nodes see.
#
#   sbatch --array=0-15 deploy/slurm.sh searches/lr --trial trial.ts --strategy random --trials 16 --seed 1
#
# Submit it from the folder of your project, in which layerwise and jiti are installed. The number of the task is that of the
# trial: 0 to 15 for 16 trials; `--array=0-15%4` runs four at a time. The same line again, or a task that Slurm starts
# again since its node is gone, runs what is missing and nothing twice: a trial goes on from its checkpoint, one that
# another node still runs is waited for. `layerwise search show searches/lr` shows the results, also while they come.
#
# Successive halving goes rung by rung. A rung has as many tasks as trials that are left; more than that end at once:
#
#   halving="searches/halving --trial trial.ts --strategy halving --trials 16 --epochs 9 --seed 1"
#   first=$(sbatch --parsable --array=0-15 deploy/slurm.sh $halving --rung 0)
#   second=$(sbatch --parsable --array=0-15 --dependency=afterok:$first deploy/slurm.sh $halving --rung 1)
#
# The strategies asha and tpe ask what other trials have found: they need `--workers` or `--redis`.
#
# What is lost: if a node dies, what its trials did since their last checkpoint; Slurm starts them elsewhere. A trial
# that needs more than --time is ended; the same line again goes on with it.

#SBATCH --job-name=layerwise-search
#SBATCH --array=0-15
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=1G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%A_%a.log

set -eu
cd "$SLURM_SUBMIT_DIR"
# As many threads as Slurm gives to the task: without this a task would take all processors that it sees.
export LAYERWISE_THREADS="${SLURM_CPUS_PER_TASK:-1}"
exec node_modules/.bin/layerwise search --trial-index "$SLURM_ARRAY_TASK_ID" "$@"
