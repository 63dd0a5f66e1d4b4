import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { run } from '../../../cli/program.ts'

/** The tests must not find a stack that runs beside them. */
const NO_STACKS = join(tmpdir(), 'sluice-no-stacks')

/** Result of a command. */
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
    columns,
    stacksDir = NO_STACKS,
    stop = new AbortController().signal,
  }: {
    folder?: string
    environment?: object
    stdin?: string | Buffer
    columns?: number
    stacksDir?: string
    stop?: AbortSignal
  } = {},
): Promise<Ran> {
  const stdout = new Collected(columns)
  const stderr = new Collected(columns)
  const status = await run(args, {
    stdin: Readable.from([Buffer.from(stdin as string)]),
    stdout,
    stderr,
    environment: { ...environment },
    stacksDir,
    folder,
    stop,
  })
  return { status, stdout: stdout.text, stderr: stderr.text }
}

/** A terminal where it has columns. */
export class Collected extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly columns: number

  constructor(columns = 0) {
    super()
    this.isTTY = columns > 0
    this.columns = columns
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk
    done()
  }
}
