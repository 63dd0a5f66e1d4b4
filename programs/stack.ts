/**
 * A stack is what one `npm start` or `npm run services` runs. While it runs, a file says where it listens, so that other
 * shells find it without variables.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { is } from 'valibot'
import { text } from '../packages/runtime/settings/values.ts'
import { LOCAL } from './paths.ts'
import { processStart } from './process-start.ts'

/** The default name of a stack. */
export const DEFAULT_STACK = 'local'

/** Folder with the files of this project's stacks, `<name>.json` each. */
export const STACKS_DIR = join(LOCAL, 'stacks')

/** The content of a stack's file. */
export interface Stack {
  readonly name: string
  /** `starting` until its servers are ready: then `variables` is complete. */
  readonly state: 'starting' | 'ready'
  /** How it was started: `npm start` or `npm run services`. */
  readonly command: string
  readonly pid: number
  /** Start of the process, see `processStart`: distinguishes it from a later one with the same number. */
  readonly processStart: string
  readonly startedAt: string
  /** The variables by which programs reach its servers, e.g. KAFKA_BROKERS. REDIS_URL may hold a password. */
  readonly variables: Readonly<Record<string, string>>
  /** The port of Lambda's own endpoint, where functions run. */
  readonly lambdaPort: number | null
  /** Address of the console, with the token; missing without a console. */
  readonly consoleAddress?: string
  readonly dataDir: string
  readonly logsDir: string
}

export function stackFile(name: string, dir = STACKS_DIR): string {
  return join(dir, `${name}.json`)
}

/** Form of a stack's name, which becomes part of file names. */
export const STACK_NAME = text(/^[a-z0-9-]{1,20}$/, '1 to 20 lower-case letters, digits and "-"')

/** The stacks that run now, in the order of their names. Files that a stack left behind when it was killed do not count. */
export function runningStacks(dir = STACKS_DIR): Stack[] {
  const names = namesIn(dir).sort()
  return names.flatMap(name => runningStack(name, dir) ?? [])
}

/** The stack of this name, if it runs. */
export function runningStack(name: string, dir = STACKS_DIR): Stack | undefined {
  const stack = readStack(stackFile(name, dir))
  return stack && processStart(stack.pid) === stack.processStart ? stack : undefined
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter(file => file.endsWith('.json'))
      .map(file => file.slice(0, -'.json'.length))
      .filter(name => is(STACK_NAME.schema, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Returns undefined for a missing file, or one of another version. */
function readStack(file: string): Stack | undefined {
  try {
    const stack = JSON.parse(readFileSync(file, 'utf8'))
    const isWhole =
      Number.isInteger(stack?.pid) && typeof stack.processStart === 'string' && stack.variables !== undefined
    return isWhole ? stack : undefined
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
