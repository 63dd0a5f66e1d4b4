/**
 * Serverless Framework plugin that deploys what Athena needs as a nested stack, because the stack of the functions has almost as many
 * resources as CloudFormation allows. The template of the nested stack is a file of the package, and is uploaded beside the others.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { historyResources } from './history/resources.ts'
import type { Template } from './topics-resource.ts'

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly serviceDir: string
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate: Template }
    readonly package: { readonly artifactDirectoryName?: string }
    readonly custom: { readonly deployment: Parameters<typeof historyResources>[0] }
  }
  getProvider(name: 'aws'): {
    readonly naming: { getDeploymentBucketLogicalId(): string }
    getServerlessDeploymentBucketName(): Promise<string>
    getAwsSdkV3Config(): Promise<object>
  }
}

/** Logical id of the nested stack. */
const STACK = 'History'
const FILE = 'history-template.json'

export default class HistoryPlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>
  readonly #framework: Framework

  constructor(framework: Framework) {
    this.#framework = framework
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.#add(),
      'after:aws:deploy:deploy:uploadArtifacts': () => this.#upload(),
    }
  }

  async #add(): Promise<void> {
    const { service } = this.#framework
    const Resources = historyResources(service.custom.deployment)
    if (Object.keys(Resources).length === 0) return
    const template = { AWSTemplateFormatVersion: '2010-09-09', Description: 'History for Athena.', Resources }
    await mkdir(dirname(this.#file), { recursive: true })
    await writeFile(this.#file, JSON.stringify(template))
    const bucket = this.#framework.getProvider('aws').naming.getDeploymentBucketLogicalId()
    service.provider.compiledCloudFormationTemplate.Resources[STACK] = {
      Type: 'AWS::CloudFormation::Stack',
      Properties: {
        TemplateURL: {
          'Fn::Sub': `https://s3.\${AWS::Region}.\${AWS::URLSuffix}/\${${bucket}}/${this.#key}`,
        },
      },
    }
  }

  /** A package contains the file only if its template contains the nested stack. */
  async #upload(): Promise<void> {
    const { service } = this.#framework
    if (!Object.hasOwn(service.provider.compiledCloudFormationTemplate.Resources, STACK)) return
    const provider = this.#framework.getProvider('aws')
    const [Bucket, config, { PutObjectCommand, S3Client }] = await Promise.all([
      provider.getServerlessDeploymentBucketName(),
      provider.getAwsSdkV3Config(),
      import('@aws-sdk/client-s3'),
    ])
    const s3 = new S3Client({ ...config, forcePathStyle: true })
    const object = {
      Bucket,
      Key: this.#key,
      Body: await readFile(this.#file),
      ContentType: 'application/json',
    }
    await s3.send(new PutObjectCommand(object))
    s3.destroy()
  }

  get #file(): string {
    return join(this.#framework.serviceDir, '.serverless', FILE)
  }

  get #key(): string {
    return `${this.#framework.service.package.artifactDirectoryName}/${FILE}`
  }
}
