import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { FunctionFacts } from '../../function-facts.ts'

/** `NODE_OPTIONS` of a function, divided by what a thread accepts. */
interface NodeOptions {
  /** Options of the thread, in the form of the variable. */
  readonly accepted: string
  /** Options that exist only for a process, or that Node.js rejects. */
  readonly refused: readonly string[]
}

/** Option that no thread accepts, so that none starts with it. */
const NEVER = '--max-old-space-size=1'

/** Matches a word of the variable. Within double quotes, a backslash escapes the next character. */
const WORD = /(?:[^ "]|"(?:[^"\\]|\\.)*")+/gs

/** Matches an option that loads a module by its path. */
const MODULE = /^(-r|--require|--import|--(?:experimental-)?loader)=(\.{1,2}\/.*|\/opt\/(.+))$/s

/** Reads the options one by one, as Node.js does. Relative paths are those of the folder of the service. */
export function readNodeOptions(facts: FunctionFacts): NodeOptions {
  const { NODE_OPTIONS: given = '' } = facts.environment
  // Node.js rejects the whole variable if a quote is not closed.
  if (given.replace(WORD, '').includes('"')) return { accepted: '', refused: [given] }
  const words = [...given.matchAll(WORD)].map(([word]) => unquote(word)).filter(word => word !== '')
  const accepted: string[] = []
  const refused: string[] = []
  for (let [option, value] = words; option !== undefined; [option, value] = words) {
    const hasValue = value !== undefined && !value.startsWith('-') && !isAccepted(option)
    const parts = words.splice(0, hasValue ? 2 : 1)
    if (isAccepted(...parts)) accepted.push(...resolveModule(parts, facts))
    else refused.push(parts.join(' '))
  }
  return { accepted: quote(accepted), refused }
}

/** Returns true if a thread accepts the option. Node.js has no list of these options, so a thread is tried with it. */
function isAccepted(...parts: readonly string[]): boolean {
  return `${parts[0]}`.startsWith('-') && explainStart(parts) === explainStart([])
}

/** Returns why a thread with these options, and one that it never accepts, does not start. */
function explainStart(parts: readonly string[]): string {
  try {
    const env = { NODE_OPTIONS: quote(parts) }
    return `${new Worker('', { eval: true, env, execArgv: [NEVER, ...parts] })}`
  } catch (error) {
    return String(error)
  }
}

/** Makes the path of a module absolute. One in `/opt` is that of the first layer that has it. */
function resolveModule(parts: readonly string[], { servicePath, layers }: FunctionFacts): readonly string[] {
  const [, option = '', path = '', inOpt] = MODULE.exec(parts.join('=')) ?? []
  if (path === '') return parts
  const [found = path] = layers
    .map(layer => join(layer, `${inOpt}`))
    .filter(file => inOpt && existsSync(file))
  if (/^(-r|--require)$/.test(option)) return [`--require=${resolve(servicePath, found)}`]
  return [`${option}=${new URL(found, pathToFileURL(`${servicePath}/`))}`]
}

function unquote(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"?/gs, (_, quoted: string) => quoted.replace(/\\(.)/gs, '$1'))
}

function quote(words: readonly string[]): string {
  return words.map(word => `"${word.replace(/["\\]/g, '\\$&')}"`).join(' ')
}
