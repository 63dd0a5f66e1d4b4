/** Templates that `serverless package` generates. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT, runProgram } from '@sluice/test-kit/program'
import { Failed } from '../../check.ts'
import type { Template } from './canary.ts'

/** Fictitious account in which all options are used, so that all resources are checked. */
const ACCOUNT = {
  MSK_CLUSTER_ARN:
    'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-0a1b2c3d,subnet-1a1b2c3d',
  SECURITY_GROUP_IDS: 'sg-0a1b2c3d',
  HISTORY_BUCKET: 'sluice-history',
  HISTORY_KEY_ARN: 'arn:aws:kms:eu-west-1:123456789012:key/751d2973-a626-431c-9d4e-d7975eb44dd7',
  ALARM_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:sluice-alerts-prod',
  ALARM_PUBLISH_MS: '100',
  ALARM_LAG_RECORDS: '10000',
  KAFKA_CAPACITY_IN: '20',
  KAFKA_CAPACITY_OUT: '60',
  INFRA_STACK: '',
}

const BUNDLER = '  - ./infra/plugins/packaging-plugin.ts\n'
const WITHOUT_BUNDLES = '  - ./test/runner/checks/templates/without-bundles.ts\n'

/**
 * Generates the template of a stage with `serverless package`. Bundles are omitted, because building them takes most of the time.
 *
 * @param folder empty folder for the output
 * @returns the template of the functions
 * @throws Failed with the error message if packaging fails
 */
export async function packagedTemplate(
  stage: string,
  folder: string,
  signal: AbortSignal,
): Promise<Template> {
  const project = join(folder, `project-${stage}`)
  await linkProject(project)
  const output = join(folder, `package-${stage}`)
  const args = ['package', '--stage', stage, '--region', 'eu-west-1', '--package', output]
  const { code, output: said } = await runProgram('serverless', args, { env: ACCOUNT, cwd: project, signal })
  if (code !== 0) throw new Failed(`serverless package --stage ${stage} failed:\n${said}`)
  return JSON.parse(await readFile(join(output, 'cloudformation-template-update-stack.json'), 'utf8'))
}

/** Links the project's files into a folder, with a serverless.yml in which another plugin replaces the bundler. */
async function linkProject(folder: string): Promise<void> {
  await mkdir(folder)
  for (const name of await readdir(PROJECT))
    if (name !== 'serverless.yml') await symlink(join(PROJECT, name), join(folder, name))
  const yaml = await readFile(join(PROJECT, 'serverless.yml'), 'utf8')
  const changed = yaml.replace(BUNDLER, WITHOUT_BUNDLES)
  if (changed === yaml)
    throw new Failed('serverless.yml does not contain the line with the bundler, which has to be replaced')
  await writeFile(join(folder, 'serverless.yml'), changed)
}
