/**
 * Files of running stacks. A stack is the set of servers and functions of one `npm start` or `npm run services`. While a stack is
 * running, its file contains its addresses, so that other shells can use the stack without environment variables.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { is } from 'valibot'
import { processStart } from '#local-servers/process-start'
import { text } from '#runtime/settings'
import { LOCAL } from './paths.ts'

/** Default name of a stack. */
export const DEFAULT_STACK = 'local'

/** Folder with the files of this project's stacks, `<name>.json` each. */
export const STACKS_DIR = join(LOCAL, 'stacks')

/** Content of a stack's file. */
export interface Stack {
  readonly name: string
  /** `starting` until the servers are ready and `variables` is complete. */
  readonly state: 'starting' | 'ready'
  /** Command that started the stack: `npm start` or `npm run services`. */
  readonly command: string
  readonly pid: number
  /** Start of the process, see `processStart`. It distinguishes the process from later processes with the same id. */
  readonly processStart: string
  readonly startedAt: string
  /** Environment variables to access the servers, such as KAFKA_BROKERS. REDIS_URL may contain a password. */
  readonly variables: Readonly<Record<string, string>>
  /** Port of the Lambda endpoint of the functions. */
  readonly lambdaPort: number | null
  /** URL of the console, including the token; absent if the stack has no console. */
  readonly consoleAddress?: string
  readonly dataDir: string
  readonly logsDir: string
}

export function stackFile(name: string, dir = STACKS_DIR): string {
  return join(dir, `${name}.json`)
}

/** Format of a stack's name, which is part of file names. */
export const STACK_NAME = text(/^[a-z0-9-]{1,20}$/, '1 to 20 lower-case letters, digits and "-"')

/** Returns the running stacks, sorted by name. Files of killed stacks are ignored. */
export function runningStacks(dir = STACKS_DIR): Stack[] {
  const names = listNames(dir).sort()
  return names.flatMap(name => runningStack(name, dir) ?? [])
}

/** Returns the running stack with this name; undefined if none exists. */
export function runningStack(name: string, dir = STACKS_DIR): Stack | undefined {
  const stack = readStack(stackFile(name, dir))
  return stack && processStart(stack.pid) === stack.processStart ? stack : undefined
}

function listNames(dir: string): string[] {
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

/** Reads the file of a stack. Returns undefined if the file does not exist or has another version. */
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
