/** `npm run peer-suites -- FOLDER`: runs the data of other projects' test suites, which this repository does not contain. */
import { glob, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readCommandLine } from '../../scripts/command-line.ts'
import { runMain } from '../../scripts/run-main.ts'
import { UserError } from '../../scripts/user-error.ts'
import { listScenarios, runScenario } from './cloudevents-case.ts'
import { type Counts, listFalls } from './figures.ts'
import { type CaseResult, type KsqlCase, runKsqlCase } from './ksql-case.ts'

const USAGE = `Usage: npm run peer-suites -- FOLDER [--list]

Runs the test data of other projects that a folder contains, at any depth, without servers:

  query-validation-tests/*.json, rest-query-validation-tests/*.json   of ksqlDB (ksqldb-functional-tests/src/test/resources)
  kafka-protocol-binding.feature                                      of the CloudEvents conformance suite

A case is equal, with its keys, or different. Its statements may be lacking, which is to use a form, function or type that the language
does not have, or refused, because of a limit ("Beside ksqlDB" of config/views/README.md lists both). Cases apart are about more than is
compared, such as several topics. Cases that expect an error of ksqlDB are left out.

The status is 1 if a suite has fewer equal cases than test/peer-suites/figures.json says, or more that failed.

  --list  show each case that is not equal, with the refusal or the first difference
  --help  show this`

const FIGURES = join(import.meta.dirname, 'figures.json')

interface Options {
  readonly folder: string
  readonly list: boolean
}

await runMain({ readOptions: readArguments, usage: USAGE, run: runSuites })

function readArguments(args: readonly string[]): Options | undefined {
  const { values, positionals } = readCommandLine(
    'npm run peer-suites',
    args,
    { list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    {},
  )
  if (values.help) return undefined
  const [folder, other] = positionals
  if (folder === undefined || other !== undefined)
    throw new UserError('Name one folder: npm run peer-suites -- FOLDER')
  return { folder, list: values.list }
}

async function runSuites({ folder, list }: Options): Promise<number> {
  const outcomes = new Map<string, Counts>()
  const count = (suite: string, name: string, { outcome, detail }: CaseResult) => {
    const own = outcomes.get(suite) ?? { equal: 0, different: 0, lacking: 0, refused: 0, apart: 0, failed: 0 }
    outcomes.set(suite, { ...own, [outcome]: own[outcome] + 1 })
    if (list && outcome !== 'equal') console.log(`${outcome.padEnd(9)} ${name}: ${detail}`)
  }
  for await (const file of glob(join(folder, '**/{query,rest-query}-validation-tests/*.json'))) {
    const suite = file.includes('rest-query') ? 'ksqlDB, questions' : 'ksqlDB, statements'
    for (const given of readKsqlCases(await readFile(file, 'utf8')))
      count(suite, `${basename(file)}, ${given.name}`, runKsqlCase(given))
  }
  for await (const file of glob(join(folder, '**/kafka-protocol-binding.feature')))
    for (const { name, text } of listScenarios(await readFile(file, 'utf8')))
      count('CloudEvents', name, runScenario(text))
  if (outcomes.size === 0)
    throw new UserError(`${folder} has none of the suites. See npm run peer-suites -- --help`)
  for (const [suite, counts] of outcomes)
    console.log(
      `${suite}: ${Object.entries(counts)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', ')}`,
    )
  const figures = JSON.parse(await readFile(FIGURES, 'utf8'))
  const falls = listFalls(figures, Object.fromEntries(outcomes))
  for (const fall of falls) console.log(fall)
  return falls.length > 0 ? 1 : 0
}

/** Returns the cases of a file that write or answer something. A case for several formats is run in JSON, or in the first one. */
function readKsqlCases(text: string): readonly KsqlCase[] {
  const json = text.replaceAll(/"(?:[^"\\]|\\.)*"|\/\/.*/g, token => (token.startsWith('"') ? token : ''))
  const { tests } = JSON.parse(json) as {
    readonly tests: readonly (KsqlCase & { readonly format?: readonly string[] })[]
  }
  return tests
    .filter(({ outputs, responses }) => outputs || responses)
    .map(given => {
      const format = given.format?.includes('JSON') ? 'JSON' : given.format?.[0]
      return format ? JSON.parse(JSON.stringify(given).replaceAll('{FORMAT}', format)) : given
    })
}
