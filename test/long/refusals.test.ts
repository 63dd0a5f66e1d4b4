import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { PROD, refusal } from '../package/refusal.ts'

describe('what cannot be deployed', () => {
  let folder: string
  const inProject = () => relative(PROJECT, folder)

  before(async () => {
    await mkdir(join(PROJECT, '.local'), { recursive: true })
    folder = await mkdtemp(join(PROJECT, '.local', 'test-refusals-'))
  })

  after(() => rm(folder, { recursive: true, force: true }))

  it('given no stage, then deploy refuses: it would deploy this machine', async () => {
    const said = /^serverless deploy requires the stage of an account, such as --stage prod\. [^\n]*$/
    assert.match(await refusal(['deploy']), said)
    assert.match(
      await refusal(['deploy', 'function', '--function', 'clock']),
      /^serverless deploy function requires the stage of an account/,
    )
  })

  it('given faults in settings, receivers and folders, then they are refused, all at once', async () => {
    const NOTIFICATIONS_DIR = inProject()
    await writeFile(join(folder, 'receivers.yaml'), 'receivers:\n  - name: a\n    kind: webhook\n')
    await writeFile(join(folder, 'routes.yaml'), 'routes: [{ name: all, receivers: [a] }]\n')
    const faulty = { REDIS_MODE: 'many', SLUICE_GENERATOR: 'yes', NOTIFICATIONS_DIR, RULES_DIR: 'nowhere' }
    const [first, ...others] = (await refusal(['package', ...PROD], faulty)).split('\n')
    assert.equal(first, 'Fix these 4 problems first:')
    assert.deepEqual(
      others
        .map(line => line.replace(/(nowhere): .*does not exist.*/, '$1: the folder does not exist'))
        .toSorted(),
      [
        '  - RULES_DIR: nowhere: the folder does not exist',
        '  - REDIS_MODE: must be one of single, cluster.',
        '  - SLUICE_GENERATOR: must be one of on, off.',
        `  - ${NOTIFICATIONS_DIR}/receivers.yaml:2:5  a.url: is missing: set url, or a secret that contains it`,
      ].toSorted(),
    )
  })

  it('given a package of another stage, then it is not deployed', async () => {
    await writeFile(
      join(folder, 'serverless-state.json'),
      JSON.stringify({ service: { provider: { stage: 'local' } } }),
    )
    assert.match(
      await refusal(['deploy', ...PROD, '--package', inProject()]),
      /^The package in \S+ was built for the stage "local", not for "prod"\. Package the stage again\.$/,
    )
  })

  it('given a command that looks at a deployment alone, then no variable is asked for', async () => {
    const none = { MSK_CLUSTER_ARN: undefined, REDIS_URL: undefined, SUBNET_IDS: undefined }
    const account = {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    }
    // The command reaches the account.
    assert.match(await refusal(['remove', ...PROD], { ...none, ...account }), /ECONNREFUSED/)
  })
})
