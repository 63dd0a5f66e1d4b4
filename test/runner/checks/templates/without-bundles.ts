/**
 * Serverless Framework plugin that replaces the one of packages. All functions get the same empty package, so that a template is
 * generated in seconds. The template differs from the real one only in the hashes of packages.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly serviceDir: string
  readonly service: { readonly functions: Readonly<Record<string, { package?: object }>> }
}

/** A zip archive without files consists only of the end-of-directory record (APPNOTE.TXT, 4.3.16). */
const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)])

const ARTIFACT = 'empty.zip'

export default class WithoutBundles {
  readonly hooks: Readonly<Record<string, () => void>>

  constructor({ serviceDir, service }: Framework) {
    this.hooks = {
      initialize: () => {
        writeFileSync(join(serviceDir, ARTIFACT), EMPTY_ZIP)
        for (const value of Object.values(service.functions)) value.package = { artifact: ARTIFACT }
      },
    }
  }
}
