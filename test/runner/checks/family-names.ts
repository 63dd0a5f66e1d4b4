import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FAMILIES, readSettings } from '../../../lib/app/settings/index.ts'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { splitComments } from '../comments.ts'
import { sourceFiles } from '../source-files.ts'

const CODE = '{cli,console,functions,infra,lib,localstack,packages,scripts}/**/*.{ts,tsx,mjs,cjs}'
/** The models of the generator, the types that they use, examples on generated pages, and tests. */
const MAY_NAME =
  /^lib\/telemetry\/simulator\/|^infra\/pages\/|^lib\/schemas\/types[.]ts$|(^|\/)test\/|\.d\.ts$/

/**
 * Checks that no code knows a family or a metric that ships: families are files, and those of users must be treated equally. Names of one
 * letter are not looked for, nor words in prose, such as examples in the help of a command.
 */
export const familyNames: Check = {
  name: 'names of families',
  async run() {
    const { families } = readSettings([FAMILIES])
    // A family with the name of a key of all families cannot be told apart from the key.
    const names = families.names.filter(name => !(name in families.get(name)))
    const metrics = families.all
      .flatMap(({ metrics }) => Object.keys(metrics))
      .filter(name => name.length > 1)
    const types = families.readingTypes
    const files = (await sourceFiles(CODE)).filter(file => !MAY_NAME.test(file))
    if (names.length === 0 || metrics.length === 0 || files.length === 0)
      throw new Failed('no family, no metric or no file was found')
    // The name of a family is often an ordinary word, so that it counts only as a text in a line about families.
    const texts = `(?<=(?:[Ff]amil|FAMIL).*['"\`])(?:${names.join('|')})(?=['"\`])`
    const metric = `(?:${metrics.join('|')})`
    const expressions = [
      `(?<=['"\`])${metric}(?=['"\`])|(?<=[.])${metric}\\b|\\b${metric}(?=[?]?:)|(?<=[{,] *)${metric}(?= *[,}])`,
      texts,
      `\\b(?:byName[.]|families[.]get\\(['"])(?:${names.join('|')})\\b`,
      types.join('|').replaceAll('.', '[.]'),
    ]
    const pattern = new RegExp(expressions.join('|'), 'g')
    const found = (await Promise.all(files.map(file => findNames(file, pattern)))).flat()
    if (found.length === 0)
      return `${files.length} files know none of ${metrics.length} metrics and ${names.length} families`
    throw new Failed(
      `${found.join('\n')}\nUse the table of families, lib/telemetry/families.ts, instead of names.`,
    )
  },
}

async function findNames(file: string, pattern: RegExp): Promise<string[]> {
  const text = await readFile(join(PROJECT, file), 'utf8')
  return splitComments(file, text)
    .code.split('\n')
    .flatMap((line, index) => [...line.matchAll(pattern)].map(([name]) => `${file}:${index + 1}: ${name}`))
}
