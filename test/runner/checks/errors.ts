import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '../../../programs/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** Maximum number of error classes in the engine. */
const MOST = 15

const CLASS = /\bclass (\w+) extends (\w+)\b/g

/** Checks that the engine has few error classes. Usually, a code in an existing class or a return value is sufficient. */
export const errors: Check = {
  name: 'classes of errors',
  async run() {
    const files = await sourceFiles('packages/{runtime,kafka-records,schema-registry}/**/*.ts')
    if (files.length === 0) throw new Failed('no files of the engine were found')
    const sources = await Promise.all(files.map(file => readFile(join(PROJECT, file), 'utf8')))
    const classes = sources.flatMap(source =>
      [...source.matchAll(CLASS)].map(([, name = '', base = '']) => ({ name, base })),
    )
    const names = new Set(['Error', 'TypeError', 'RangeError', 'SyntaxError'])
    // Repeat until nothing changes, because a class can extend a class from a file that is read later.
    for (let before = 0; before < names.size; ) {
      before = names.size
      for (const { name, base } of classes) if (names.has(base)) names.add(name)
    }
    const own = classes.flatMap(({ name, base }) => (names.has(base) ? [name] : []))
    if (own.length <= MOST) return `${own.length} classes in ${files.length} files`
    throw new Failed(
      `The engine has ${own.length} error classes, but at most ${MOST} are allowed: ${own.join(', ')}.\nUse an existing class with a code, or return a value.`,
    )
  },
}
