/** The templates that `serverless package` writes. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT, runProgram } from '../../../support/program.ts'
import { Failed } from '../../check.ts'
import type { Template } from './canary.ts'

/** A fictitious account with every option, so that all of it is checked. */
const ACCOUNT = {
  MSK_CLUSTER_ARN:
    'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-0a1b2c3d,subnet-1a1b2c3d',
  SECURITY_GROUP_IDS: 'sg-0a1b2c3d',
  CHECKPOINT_BUCKET: 'sluice-checkpoints',
  ALARM_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:sluice-alerts-prod',
  ON_FAILURE_QUEUE_ARN: 'arn:aws:sqs:eu-west-1:123456789012:given-up',
  ON_FAILURE_BUCKET: 'given-up',
  SLUICE_CONSOLE: 'on',
  INFRA_STACK: '',
}

const BUNDLER = '  - ./infra/package-bundler.cjs\n'
const WITHOUT_BUNDLES = '  - ./test/runner/checks/templates/without-bundles.ts\n'

/**
 * The template that `serverless package` writes for a stage, without the bundles, which take most of its time.
 *
 * @param folder an empty one, for what the framework writes
 * @throws Failed with what the framework says where it cannot package
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

/** The project by links, with its serverless.yml, in which another plugin stands for the bundler. */
async function linkProject(folder: string): Promise<void> {
  await mkdir(folder)
  for (const name of await readdir(PROJECT))
    if (name !== 'serverless.yml') await symlink(join(PROJECT, name), join(folder, name))
  const yaml = await readFile(join(PROJECT, 'serverless.yml'), 'utf8')
  const changed = yaml.replace(BUNDLER, WITHOUT_BUNDLES)
  if (changed === yaml)
    throw new Failed('serverless.yml has no line with the bundler, which is left out here')
  await writeFile(join(folder, 'serverless.yml'), changed)
}
