/**
 * A plugin of the framework in the place of serverless-esbuild: every function has the same empty package, so that a template is written
 * in seconds. But for the hashes of packages, it is the same.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The part of the framework that is used here. */
interface Framework {
  readonly serviceDir: string
  readonly service: { readonly functions: Readonly<Record<string, { package?: object }>> }
}

/** A zip without files is the end of its directory alone: APPNOTE.TXT, 4.3.16. */
const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)])

const ARTIFACT = 'empty.zip'

export default class WithoutBundles {
  readonly hooks: Readonly<Record<string, () => void>>

  constructor({ serviceDir, service }: Framework) {
    this.hooks = {
      initialize: () => {
        writeFileSync(join(serviceDir, ARTIFACT), EMPTY_ZIP)
        for (const one of Object.values(service.functions)) one.package = { artifact: ARTIFACT }
      },
    }
  }
}
