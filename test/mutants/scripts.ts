/** Tries mutants of the Lua scripts. StrykerJS does not know this language. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { UserError } from '../../programs/user-error.ts'
import { sourceFiles } from '../runner/source-files.ts'
import { PROJECT } from '../support/program.ts'
import { startValkey, type Valkey } from '../support/valkey.ts'
import { editsOfLua } from './lua.ts'
import { type Judged, type Mutant, mutantsOf, mutated } from './mutant.ts'
import type { Passage } from './sample.ts'

/** Tests of the scripts. They need a Valkey and no other server. */
export const SCRIPT_TESTS = [
  'test/integration/adapters/redis-{checkpoint,circuit-breaker,cursor,forward-cursors,partition-states,state-store}.test.ts',
  'test/long/same-log.test.ts',
]

type Verdict = Judged['verdict']

/** @throws UserError if the tests fail without a mutant, or pass with a script that does nothing */
export async function tryScripts(
  sources: ReadonlyMap<string, string>,
  passages: readonly Passage[],
  signal: AbortSignal,
  report: (text: string) => void,
): Promise<Judged[]> {
  const tests = await sourceFiles(...SCRIPT_TESTS)
  const beganAtMs = Date.now()
  if ((await tryTests(tests, signal)) !== 'survived')
    throw new UserError('The tests of the scripts fail without a mutant.')
  const limitMs = 30_000 + 5 * (Date.now() - beganAtMs)
  const judged: Judged[] = []
  for (const file of new Set(passages.map(passage => passage.file))) {
    const source = sources.get(file) as string
    if ((await tryTests(tests, signal, limitMs, file, 'return nil')) === 'survived')
      throw new UserError(`${file}: the tests pass without the script. Do they use it?`)
    for (const mutant of mutantsOf(file, source, editsOfLua(source))) {
      if (!passages.some(passage => isWithin(mutant, passage))) continue
      const script = mutated(source, mutant)
      if (!(await compiles(script))) continue
      const verdict = await tryTests(tests, signal, limitMs, file, script)
      judged.push({ mutant, verdict })
      report(`${verdict}  ${file}:${mutant.line}`)
    }
  }
  return judged
}

function isWithin({ file, line, lastLine }: Mutant, passage: Passage): boolean {
  return file === passage.file && line >= passage.first && lastLine <= passage.last
}

/** Each trial has its own Valkey: a script that loops would block a shared one, and seem to kill every later mutant. */
function tryTests(
  tests: readonly string[],
  signal: AbortSignal,
  limitMs?: number,
  file = '',
  source = '',
): Promise<Verdict> {
  return withValkey(async ({ url }) => {
    const preload = join(import.meta.dirname, 'replaced-script.ts')
    const child = spawn(
      process.execPath,
      ['--import', preload, '--test', '--test-isolation=none', '--test-reporter=tap', ...tests],
      {
        cwd: PROJECT,
        env: { ...process.env, REDIS_URL: url, MUTANT_FILE: join(PROJECT, file), MUTANT_SOURCE: source },
        stdio: ['ignore', 'pipe', 'ignore'],
        killSignal: 'SIGKILL',
        signal,
        ...(limitMs === undefined ? {} : { timeout: limitMs }),
      },
    )
    let hasFailed = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!/^ *not ok /m.test(text)) return
      hasFailed = true
      child.kill('SIGKILL')
    })
    const [code] = await once(child, 'close').catch(error => {
      signal.throwIfAborted()
      throw error
    })
    return code === 0 ? 'survived' : code === null && !hasFailed ? 'timed-out' : 'killed'
  })
}

/** Asks the server, so that a change that it refuses does not count as a mutant. */
function compiles(script: string): Promise<boolean> {
  return withValkey(({ admin }) =>
    admin.script('LOAD', script).then(
      () => true,
      () => false,
    ),
  )
}

async function withValkey<T>(work: (valkey: Valkey) => Promise<T>): Promise<T> {
  const valkey = await startValkey()
  try {
    return await work(valkey)
  } finally {
    // While a script runs without end, the server does not react to anything else.
    await valkey.kill()
    await valkey.stop()
  }
}
