import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { BuildError, Builder, runBuilds } from '../../../infra/packaging/bundle-builder.ts'
import { embedFamilies } from '../../../infra/packaging/bundle-plugins/embed-families.ts'
import { readSettings } from '../../../lib/app/settings/index.ts'
import { PROJECT } from '../../../scripts/paths.ts'
import { temporaryFolder } from '../../integration/localstack/support.ts'
import { GREENHOUSE } from '../telemetry/greenhouse.ts'

describe('families of a folder of one’s own', () => {
  const { folder, remove } = temporaryFolder()
  const families = join(folder, 'families')
  const settings = { bundle: true, format: 'esm', platform: 'node', plugins: [embedFamilies] }
  const builder = new Builder({ projectDir: PROJECT, settings })
  const bundle = () => runBuilds(() => builder.bundle('lib/app/settings/families.ts'))
  const save = (text: string) => writeFile(join(families, 'greenhouse.yaml'), text)
  const former = process.env.FAMILIES_DIR

  before(async () => {
    process.env.FAMILIES_DIR = families
    await mkdir(families)
    await save(GREENHOUSE)
  })
  after(async () => {
    if (former === undefined) delete process.env.FAMILIES_DIR
    else process.env.FAMILIES_DIR = former
    await remove()
  })

  it('given a bundle, then it has them without a parser, and a change changes its version', async () => {
    const { files, fingerprint } = await bundle()
    const code = Buffer.from(files.get('families.js') ?? '').toString()
    const { FAMILIES }: typeof import('../../../lib/app/settings/families.ts') = await import(
      `data:text/javascript,${encodeURIComponent(code)}`
    )
    const { families } = readSettings([FAMILIES], {})
    assert.deepEqual(families.names, ['greenhouse'])
    assert.deepEqual(families.get('greenhouse').bounds.soilMoisture, [0, 100])
    assert.doesNotMatch(code, /YAMLException|node:fs/)
    assert.equal((await bundle()).fingerprint, fingerprint)
    await save(GREENHOUSE.replace('max: 100', 'max: 99'))
    assert.notEqual((await bundle()).fingerprint, fingerprint)
  })

  it('given an error, then builds and commands end with its file and line, and no stack', async () => {
    await save(GREENHOUSE.replace('unit: V', 'unit: Vot'))
    const error = 'metrics.batteryVoltage.unit: unknown unit Vot. Did you mean volt'
    await assert.rejects(bundle(), (thrown: unknown) => {
      assert.ok(thrown instanceof BuildError)
      assert.ok(thrown.message.includes(`greenhouse.yaml:8:21: ${error}`), thrown.message)
      return true
    })
    const command = promisify(execFile)(process.execPath, ['cli/sluice.ts', 'rules', 'check'], {
      cwd: PROJECT,
    })
    await assert.rejects(command, ({ code, stderr }: { code: number; stderr: string }) => {
      const [heading, line, ...more] = stderr.split('\n').filter(text => !/Warning|--trace/.test(text))
      assert.equal(heading, '1 error in the families:')
      assert.ok(line?.includes(`greenhouse.yaml:8:21  ${error}`), stderr)
      assert.deepEqual([more.join(''), code], ['', 2])
      return true
    })
  })
})
