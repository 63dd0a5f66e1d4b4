/** Saves files as downloads of the browser. */
import { responseTo } from './ask.ts'

/**
 * Downloads a response as a file. The link is not added to the document, so that the page's router does not handle it.
 *
 * @param path path under `/api`
 * @returns the headers of the response
 * @throws RefusedByServer with a message for users
 */
export async function saveFile(path: string, name: string): Promise<Headers> {
  const response = await responseTo(path)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
  return response.headers
}
