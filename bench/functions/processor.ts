/** Lambda gives a function of this memory one processor, and others their share of one, or more. */
const ONE_PROCESSOR_MB = 1_769

/** Returns how long processor time takes on the share of a processor that comes with this memory. */
export function tookAt(memoryMb: number, processorMs: number): number {
  return processorMs / Math.min(1, memoryMb / ONE_PROCESSOR_MB)
}
