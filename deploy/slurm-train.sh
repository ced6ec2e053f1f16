#!/bin/sh
# Data-parallel training of one net by several processes, on one node or many.
#
#   sbatch --nodes=2 --ntasks-per-node=1 --cpus-per-task=8 deploy/slurm-train.sh runs/net resnet20 --epochs 20
#
# The first word is the folder of the run, which all nodes see; what follows is as for `layerwise train`. Submit it from
# the folder of your project, in which layerwise and koffi are installed. Each process takes its share of every batch,
# so the result is that of one process. Process 0 alone prints, and writes the run.
#
# What is lost: if a process or a node dies, all are ended (--kill-on-bad-exit). Slurm starts the job again when the
# node is gone; otherwise `sbatch` with the same line does. The run goes on from its last checkpoint, to the same bits.
#
# --mpi is the way in which Slurm introduces the processes to each other, which has to be one that the MPI library
# knows: pmi2 for MPICH and Intel MPI, pmix for Open MPI. `srun --mpi=list` says what Slurm has here. Intel MPI needs
# `export I_MPI_PMI_LIBRARY=/path/to/libpmi2.so` too. LAYERWISE_MPI names the library where it has no usual name.

#SBATCH --job-name=layerwise-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log

set -eu
cd "$SLURM_SUBMIT_DIR"
run="$1"
shift
export LAYERWISE_THREADS="${SLURM_CPUS_PER_TASK:-1}"
if [ -e "$run/config.json" ]; then
  set -- --resume "$run"
else
  set -- "$@" --run "$run"
fi
# Not by npx, which closes the connection that srun opens for each process. Newer versions of srun do not take the
# number of processors from sbatch.
exec srun --cpus-per-task="$LAYERWISE_THREADS" --kill-on-bad-exit=1 --mpi="${LAYERWISE_SRUN_MPI:-pmi2}" \
  node_modules/.bin/layerwise train --distributed "$@"
