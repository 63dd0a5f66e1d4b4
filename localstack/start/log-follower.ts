import { existsSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'

const LOOK_EVERY_MS = 200

/** Reads the lines that a program appends to its log from now on, until it is stopped. */
export function followLog(file: string, onLine: (line: string) => void): () => void {
  let position = existsSync(file) ? statSync(file).size : 0
  let rest = ''
  let looking: Promise<void> = Promise.resolve()

  async function look(): Promise<void> {
    const handle = await open(file, 'r').catch(() => undefined)
    if (!handle) return
    try {
      const { size } = await handle.stat()
      if (size <= position) return
      const bytes = Buffer.alloc(size - position)
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, position)
      position += bytesRead
      const lines = (rest + bytes.toString('utf8', 0, bytesRead)).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(onLine)
    } finally {
      await handle.close()
    }
  }

  const timer = setInterval(() => {
    looking = looking.then(look)
  }, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}
