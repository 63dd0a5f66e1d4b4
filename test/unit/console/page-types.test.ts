/** Types of questions and operations on the page: what a page names must exist. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { runProgram } from '@sluice/test-kit/program'
import { PROJECT } from '../../../scripts/paths.ts'
import { inOwnFolder } from '../../support/own-servers.ts'

/** Uses of the page's components, with a name that exists and, behind it, one that does not. */
const USES = [
  "QuestionList({ path: '/kafka/groups', action: row => row.[pending|left] })",
  "QuestionRows({ path: '/kafka/groups', filter: {}, children: ({ [more|rest]: number }) => number })",
  "QuestionThing({ path: '/kafka/groups/one', back, filter: { [group|name]: 'g' } })",
  "QuestionThing({ path: '/kafka/topics/one', back, filter: {}, actions: { [groups|readers]: undefined } })",
  "QuestionThing({ path: '/kafka/topics/one', back, filter: {}, actions: { groups: row => row.[pending|left] } })",
  "OperationButton({ action: '[skip|omit]', label: 'Skip', request: {} })",
  "OperationButton({ action: 'skip', label: 'Skip', request: { [at|place]: '1@2' } })",
]

it('given a member, a list or a field that is renamed, then a page that names it does not compile', () =>
  inOwnFolder(async folder => {
    const page = join(PROJECT, 'console/page')
    const uses = USES.map(use => [use.replace(/\[(\w+)\|\w+\]/, '$1'), use.replace(/\[\w+\|(\w+)\]/, '$1')])
    const lines = [
      `import { OperationButton } from '${page}/operations/operation-button.tsx'`,
      `import { QuestionList, QuestionRows } from '${page}/questions/question-list.tsx'`,
      `import { QuestionThing } from '${page}/questions/question-thing.tsx'`,
      "const back = ['/', ''] as const",
      ...uses.flat(),
    ]
    writeFileSync(join(folder, 'uses.mts'), lines.join('\n'))
    const include = ['uses.mts', join(page, 'css.d.ts'), join(PROJECT, 'lib/schemas/compiled-modules.d.ts')]
    const typeRoots = [join(PROJECT, 'node_modules/@types')]
    const config = { extends: join(page, 'tsconfig.json'), compilerOptions: { typeRoots }, include }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const { stdout } = await runProgram('tsc', ['--project', folder, '--pretty', 'false'])
    const found = Array.from(stdout.matchAll(/^\S+\((\d+),/gm), ([, line]) => lines[Number(line) - 1])
    assert.deepEqual(
      found,
      uses.map(([, renamed]) => renamed),
      stdout,
    )
  }))
