import { stop } from 'esbuild'

let running = 0

/**
 * Runs builds, then ends esbuild's process, which would keep the memory of its largest build. The last of several callers at a time
 * ends it: without the process, the builds of the others would never return.
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
