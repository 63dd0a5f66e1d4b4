/** Saves files as downloads of the browser. */
import { RefusedByServer } from './ask.ts'

/**
 * Downloads a response as a file.
 *
 * @param path path under `/api`
 * @returns the headers of the response
 * @throws RefusedByServer with a message for users
 */
export async function saveFile(path: string, name: string): Promise<Headers> {
  const response = await fetch(`/api${path}`, { credentials: 'same-origin' }).catch(() => {
    throw new RefusedByServer({
      code: 'unavailable',
      message: 'The console does not respond. Check that it is running.',
    })
  })
  if (!response.ok) throw new RefusedByServer(await response.json())
  saveBlob(await response.blob(), name)
  return response.headers
}

/** Saves a file. The link is not added to the document, so that the page's router does not handle it. */
function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
