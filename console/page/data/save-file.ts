/** Lets the browser save what the server answers. */
import { problemOf, RefusedByServer } from './answers.ts'

/**
 * @param path below `/api`
 * @returns the headers of the answer
 * @throws RefusedByServer with a sentence for people
 */
export async function saveFile(path: string, name: string): Promise<Headers> {
  const response = await fetch(`/api${path}`, { credentials: 'same-origin' }).catch(error => {
    throw new RefusedByServer({
      ...problemOf(error),
      code: 'unavailable',
      message: 'The console does not answer.',
    })
  })
  if (!response.ok) throw new RefusedByServer(await response.json())
  const address = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
  return response.headers
}
