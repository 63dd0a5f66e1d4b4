import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { codeBlocks, TYPED_FROM_THE_README } from '../../support/readme-code.ts'

const EXAMPLE = join(PROJECT, 'examples', 'orders')
const ENGINE = join(PROJECT, 'packages', 'runtime')

const read = (...path: string[]) => readFileSync(join(...path), 'utf8')
const README = read(ENGINE, 'README.md')
const manifestOf = (folder: string) => JSON.parse(read(folder, 'package.json'))

describe('the README of the engine', () => {
  it('given its first code, then that is a whole function, in fifteen lines', () => {
    const [{ file, code = '' } = {}] = codeBlocks(README)
    assert.equal(file, 'orders.ts')
    assert.ok(code.trim().split('\n').length <= 15)
    for (const part of [/^import /m, /\.process</, /^export const handler/m]) assert.match(code, part)
    assert.equal(README.indexOf('\n#'), README.indexOf('\n## Ten minutes'))
  })

  it('given a code block that names its file, then it is that file of examples/orders', () => {
    const blocks = codeBlocks(README).filter(({ file }) => !TYPED_FROM_THE_README.includes(file))
    for (const { file, code } of blocks) assert.equal(code, read(EXAMPLE, file), file)
    assert.deepEqual(
      blocks.map(({ file }) => file),
      [
        'src/application.ts',
        'src/orders.ts',
        'src/orders.test.ts',
        'src/handlers/orders.ts',
        'src/handlers/clock.ts',
        'package.json',
        'tsconfig.json',
        'build.mjs',
        'serverless.yml',
      ],
    )
  })

  it('given its commands, then each is a script of the example, or installs what it needs', () => {
    const commands = [...README.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, lines = '']) =>
      lines.trim().split('\n'),
    )
    const { scripts, dependencies, devDependencies } = manifestOf(EXAMPLE)
    const { name, version } = manifestOf(ENGINE)
    assert.equal(dependencies[name], `^${version}`)
    for (const command of commands) {
      const [, , what = '', ...packages] = command.split(' ')
      if (command.startsWith('npm run ')) assert.ok(Object.hasOwn(scripts, what), command)
      else if (command.startsWith('npm install --save-dev'))
        for (const one of packages) assert.ok(Object.hasOwn(devDependencies, one), one)
      else
        assert.ok(
          ['npm test', `npm install ./sluice-runtime-${version}.tgz valibot`].includes(command),
          command,
        )
    }
    assert.ok(commands.length >= 5)
  })

  it('given the entry points that it lists, then they are those that the package exports', () => {
    const exported = Object.keys(manifestOf(ENGINE).exports).map(path =>
      path.replace(/^\./, '@sluice/runtime'),
    )
    const listed = [...README.matchAll(/^- `(@sluice\/runtime[\w/]*)` /gm)].map(([, name = '']) => name)
    assert.deepEqual(listed.toSorted(), exported.filter(name => !name.endsWith('.json')).toSorted())
    const named = [...README.matchAll(/@sluice\/runtime(?:\/\w+)?(?=['`])/g)].map(([name]) => name)
    assert.deepEqual(
      [...new Set(named)].filter(name => !exported.includes(name)),
      [],
    )
  })

  it('given the exports of its manifest, then each is a source file of the same name', () => {
    const { exports } = manifestOf(ENGINE)
    const modules = Object.values<string | { default: string }>(exports).flatMap(entry =>
      typeof entry === 'string' ? [] : [entry.default],
    )
    assert.equal(modules.length, 4)
    for (const module of modules)
      assert.ok(existsSync(join(ENGINE, module.replace('/dist/', '/').replace(/js$/, 'ts'))), module)
  })
})
