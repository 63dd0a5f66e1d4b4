/** Lets the browser save files. */
import { RefusedByServer } from './ask.ts'

/**
 * Saves what the server answers.
 *
 * @param path below `/api`
 * @returns the headers of the answer
 * @throws RefusedByServer with a sentence for people
 */
export async function saveFile(path: string, name: string): Promise<Headers> {
  const response = await fetch(`/api${path}`, { credentials: 'same-origin' }).catch(() => {
    throw new RefusedByServer({ code: 'unavailable', message: 'The console does not answer.' })
  })
  if (!response.ok) throw new RefusedByServer(await response.json())
  saveBlob(await response.blob(), name)
  return response.headers
}

/** The link is in no document, so that the page's own navigation does not follow it. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
