import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Maximum share of the product's functions whose names have one of the habits. */
const MAX_SHARE = 0.01

const CODE = '{cli,console,events,functions,infra,lib,localstack,packages,scripts}/**/*.{ts,tsx}'

/** Declared functions, methods, and constants that hold an arrow function. */
const DECLARATIONS = [
  /^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\*?\s+(\w+)/,
  /^\s*(?:export\s+)?const\s+(\w+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:<[^>]*>)?\([^)]*\)(?::[^=]+)?\s*=>/,
  /^\s+(?:static\s+|async\s+|readonly\s+|get\s+)*#?(\w+)\([^)]*\)(?::\s*[^{;]+)?\s*\{\s*$/,
]
const KEYWORDS = new Set([
  'if',
  'for',
  'while',
  'switch',
  'catch',
  'function',
  'constructor',
  'return',
  'with',
])

const IRREGULAR = new Set(
  `begun bound brought built caught chosen done drawn driven fallen felt forgotten given gone grown heard held hidden kept
  known laid led lent lost made meant met paid risen said seen sent shown sold spent spoken stood struck taken thought thrown
  told torn understood won written`.split(/\s+/),
)
const VERBS = new Set(['embed', 'exceed', 'feed', 'need', 'proceed', 'seed', 'speed', 'succeed'])

/** Habits of names that hide what a function does. A function is a verb with its object, such as `runProgram` or `toKey`. */
const HABITS: Readonly<Record<string, (name: string) => boolean>> = {
  'is a bare participle': name =>
    /^[a-z]+$/.test(name) && (IRREGULAR.has(name) || (/[a-z]{2}ed$/.test(name) && !VERBS.has(name))),
  'ends in "Of"': name => /[a-z]Of$/.test(name) && !/^(?:lastI|i)ndexOf$|^valueOf$/.test(name),
}

interface Named {
  readonly name: string
  readonly place: string
}

/** Checks that the names of functions are verbs. */
export const names: Check = {
  name: 'names of functions',
  async run() {
    const files = (await sourceFiles(CODE)).filter(file => !/(^|\/)test\/|\.test\.|\.d\.ts$/.test(file))
    const functions = (await Promise.all(files.map(functionsIn))).flat()
    if (functions.length === 0) throw new Failed('no function was found')
    const counts = Object.entries(HABITS).map(([habit, hasHabit]) => {
      const found = functions.filter(({ name }) => hasHabit(name))
      if (found.length <= functions.length * MAX_SHARE) return `${found.length} ${habit}`
      const lines = found.map(({ name, place }) => `${place}: ${name} ${habit}`)
      throw new Failed(`${lines.join('\n')}\nName a function by a verb with its object.`)
    })
    return `${functions.length} functions: ${counts.join(', ')}`
  },
}

async function functionsIn(file: string): Promise<Named[]> {
  const lines = (await readFile(join(PROJECT, file), 'utf8')).split('\n')
  return lines.flatMap((line, index) => {
    const name = DECLARATIONS.map(declaration => declaration.exec(line)?.[1]).find(Boolean)
    return name && !KEYWORDS.has(name) ? [{ name, place: `${file}:${index + 1}` }] : []
  })
}
