/** Runs the programs in `java/` from source. They use Kafka's own client and share no code with the project. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { guardGroup } from '../../localstack/services/groups.ts'
import { ensureInstalled } from '../../localstack/services/install.ts'
import { kafkaPackage } from '../../localstack/services/kafka.ts'
import { requireJava } from '../../localstack/services/requirements.ts'
import { UserError } from '../../programs/user-error.ts'

const JARS = kafkaPackage().dir
const SOURCES = join(import.meta.dirname, 'java')
const FLAGS = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
]

export interface JavaRun {
  readonly program: 'FuzzProducer' | 'FuzzReader'
  readonly args: Readonly<Record<string, string | number>>
  /** Heap size in megabytes. */
  readonly heap: number
  /** Aborting it kills the program, and its reason is thrown. */
  readonly signal: AbortSignal
  /** Aborting it asks the program to finish. */
  readonly stop?: AbortSignal
}

/** Ensures that there are a Java compiler and Kafka's jars. Throws an error with instructions if there is no compiler. */
export async function installJavaPrograms(folder: string): Promise<void> {
  const { stdout } = await promisify(execFile)(await requireJava(), ['--list-modules'])
  if (!stdout.includes('jdk.compiler'))
    throw new UserError(
      'The fuzzing producer is compiled when it is run, and this Java has no compiler: install a JDK (Debian, Ubuntu: ' +
        'apt install openjdk-17-jdk-headless), or set JAVA_HOME to one.',
    )
  await ensureInstalled(kafkaPackage(), { signal: new AbortController().signal, logsDir: folder })
}

/** Runs a program and yields the fields of each output line. Throws if it fails, or ends without its last line. */
export async function* javaLines(run: JavaRun): AsyncGenerator<string[]> {
  for await (const line of javaText(run)) yield line.split('\t')
}

/** Runs as `javaLines` does, but yields whole lines. */
export async function* javaText({ program, args, heap, signal, stop }: JavaRun): AsyncGenerator<string> {
  // An aborted signal does not fire again.
  signal.throwIfAborted()
  const named = Object.entries(args).map(([name, value]) => `${name}=${value}`)
  const file = join(SOURCES, `${program}.java`)
  const child = spawn(
    await requireJava(),
    [`-Xmx${heap}m`, ...FLAGS, '-cp', join(JARS, '*'), file, ...named],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const release = child.pid === undefined ? undefined : guardGroup(child.pid)
  const end = () => child.kill('SIGKILL')
  const ask = () => child.kill('SIGTERM')
  signal.addEventListener('abort', end)
  stop?.addEventListener('abort', ask)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr = (stderr + text).slice(-4_000)
  })
  const closed = once(child, 'close')
  try {
    yield* createInterface({ input: child.stdout })
    const [code] = await closed
    signal.throwIfAborted()
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr.trim()}`)
  } finally {
    signal.removeEventListener('abort', end)
    stop?.removeEventListener('abort', ask)
    end()
    await closed
    await release?.()
  }
}
