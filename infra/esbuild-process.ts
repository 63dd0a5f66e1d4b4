import { stop } from 'esbuild'

let running = 0

/**
 * Runs builds and then stops esbuild's process, which would otherwise keep the memory of its largest build. Of several concurrent callers,
 * the last one stops it, because the builds of the others would never return.
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
