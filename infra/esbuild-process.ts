import { stop } from 'esbuild'

let running = 0

/**
 * Runs builds and then stops esbuild's process, which would otherwise keep the memory of its largest build. With concurrent
 * callers, the process is stopped only after the last one has finished, because stopping it earlier would leave the other builds
 * pending forever.
 */
export async function endingEsbuild<T>(builds: () => Promise<T>): Promise<T> {
  running += 1
  try {
    return await builds()
  } finally {
    running -= 1
    if (running === 0) await stop()
  }
}
