import { Readable, Writable } from 'node:stream'
import { run } from '../../../cli/program.ts'

/** What a command left behind. */
export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in this process, with nothing of the environment that the tests themselves run in. */
export async function ran(
  args: readonly string[],
  {
    folder = '.',
    environment = {},
    stdin = '',
  }: { folder?: string; environment?: object; stdin?: string } = {},
): Promise<Ran> {
  const stdout = new Collected()
  const stderr = new Collected()
  const status = await run(args, {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
    environment: { ...environment },
    folder,
    stop: new AbortController().signal,
  })
  return { status, stdout: stdout.text, stderr: stderr.text }
}

class Collected extends Writable {
  text = ''

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk
    done()
  }
}
