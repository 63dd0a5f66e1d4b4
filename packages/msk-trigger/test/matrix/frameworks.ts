/** The frameworks that the plugin works with, each with the serverless-offline that goes with it. */

import process from 'node:process'

export interface Framework {
  readonly name: string
  /** Packages that a project installs beside the trigger. */
  readonly packages: Readonly<Record<string, string>>
  /** `frameworkVersion` in serverless.yml. */
  readonly version: string
  /** The newest Node.js runtime that its schema knows. */
  readonly nodeRuntime: string
  /** Path of the Node that runs it in the folder where the packages are installed; by default that of this repository. */
  readonly node?: string
}

/** The package with the binary of Node for this machine. */
const NODE = `node-${process.platform}-${process.arch}`

const OSLS_4 = {
  name: 'osls 4 with serverless-offline 14',
  packages: { serverless: 'npm:osls@4.3.1', 'serverless-offline': '14.8.2', typescript: '7.0.2' },
  version: '4',
  nodeRuntime: 'nodejs24.x',
} as const

/** Serverless 4 cannot be tried: it wants a licence. `unit/framework-schemas.test.ts` tries its configuration schema. */
export const FRAMEWORKS = {
  'serverless-3': {
    name: 'Serverless 3 with serverless-offline 13',
    packages: { serverless: '3.40.0', 'serverless-offline': '13.9.0', typescript: '5.9.3' },
    version: '3',
    nodeRuntime: 'nodejs20.x',
  },
  'osls-3': {
    name: 'osls 3 with serverless-offline 13',
    packages: { serverless: 'npm:osls@3.77.1', 'serverless-offline': '13.9.0', typescript: '5.9.3' },
    version: '3',
    nodeRuntime: 'nodejs22.x',
  },
  'osls-4': OSLS_4,
  'oldest-node': {
    ...OSLS_4,
    name: 'osls 4 with serverless-offline 14 on Node 22.15',
    packages: { ...OSLS_4.packages, [NODE]: '22.15.0' },
    node: `node_modules/${NODE}/bin/node`,
  },
} as const satisfies Record<string, Framework>
