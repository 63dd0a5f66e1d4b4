import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Maximum share of the product's functions whose names have one of the habits. */
const MAX_SHARE = 0.01

const CODE = '{bench,cli,console,events,functions,infra,lib,localstack,packages,scripts,test}/**/*.{ts,tsx}'

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

/** Files whose functions may be participles: `given` and the like read well beside the calls of a test. */
const IS_TEST = /^(?:bench|test)\/|^packages\/[^/]+\/test\//

/** Habits of names that hide what a function does. A function is a verb with its object, such as `runProgram` or `toKey`. */
const HABITS: Readonly<Record<string, (name: string, place: string) => boolean>> = {
  'is a bare participle': (name, place) =>
    !IS_TEST.test(place) &&
    /^[a-z]+$/.test(name) &&
    (IRREGULAR.has(name) || (/[a-z]{2}ed$/.test(name) && !VERBS.has(name))),
  'ends in "Of" or "In"': name =>
    /[a-z](?:Of|In)$/.test(name) &&
    !/^(?:lastI|i)ndexOf$|^(?:is\w+|(?:require|build|read)?[sS]ign)In$|^valueOf$/.test(name),
}

/** A parameter, or the variable of a loop, that does not say what the thing is. */
const UNNAMED = /(?:\W|^)(?:[o]ne =>|\([o]ne(?:, \w+)?\) =>|const [o]ne of )/

interface Named {
  readonly name: string
  readonly place: string
}

/** Checks that the names of functions are verbs, and that things have names. */
export const names: Check = {
  name: 'names of functions and things',
  async run() {
    const files = (await sourceFiles(CODE)).filter(file => !file.endsWith('.d.ts'))
    return checkFunctionNames(
      await Promise.all(files.map(async file => [file, await readFile(join(PROJECT, file), 'utf8')])),
    )
  },
}

/** Returns counts of what was looked at. @throws Failed with the place of each name to change, or if nothing was found */
export function checkFunctionNames(texts: readonly (readonly [file: string, text: string])[]): string {
  const lines = texts.flatMap(([file, text]) =>
    text.split('\n').map((line, index) => ({ line, place: `${file}:${index + 1}` })),
  )
  const functions = lines.flatMap(({ line, place }): Named[] => {
    const name = DECLARATIONS.map(declaration => declaration.exec(line)?.[1]).find(Boolean)
    return name && !KEYWORDS.has(name) ? [{ name, place }] : []
  })
  if (functions.length === 0) throw new Failed('no function was found')
  const unnamed = lines.filter(({ line }) => UNNAMED.test(line))
  if (unnamed.length > 0)
    throw new Failed(`${unnamed.map(({ place }) => place).join('\n')}\nName the thing, not "one".`)
  const counts = Object.entries(HABITS).map(([habit, hasHabit]) => {
    const found = functions.filter(({ name, place }) => hasHabit(name, place))
    if (found.length <= functions.length * MAX_SHARE) return `${found.length} ${habit}`
    const places = found.map(({ name, place }) => `${place}: ${name} ${habit}`)
    throw new Failed(`${places.join('\n')}\nName a function by a verb with its object.`)
  })
  return `${functions.length} functions: ${counts.join(', ')}`
}
