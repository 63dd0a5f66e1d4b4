import { freePort, LOOPBACK } from './local-servers.ts'
import { onFreePorts } from './start-apart.ts'
import { until } from './until.ts'
import { COPIES_AT_ONCE, startValkey, type Valkey } from './valkey.ts'

const HASH_SLOTS = 16_384
/** Time without a response after which nodes consider another node failed, in milliseconds. */
const NODE_TIMEOUT_MS = 2_000

export interface ClusterNode extends Valkey {
  readonly id: string
  readonly busPort: number
}

/** Cluster for one test, with three masters that share the hash slots evenly. */
export class ValkeyCluster {
  readonly masters: readonly ClusterNode[]
  readonly #replicas: ClusterNode[] = []

  private constructor(masters: readonly ClusterNode[]) {
    this.masters = masters
  }

  /** Starts a cluster. @param settings additional settings for each node */
  static async start(settings: readonly (readonly string[])[] = [[], [], []]): Promise<ValkeyCluster> {
    const cluster = new ValkeyCluster(await Promise.all(settings.map(startNode)))
    try {
      await cluster.#assemble()
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  /** Returns the URL of the cluster, by default with the address of only one node. */
  url(nodes: readonly Valkey[] = this.masters.slice(0, 1)): string {
    return `redis://${nodes.map(({ port }) => `${LOOPBACK}:${port}`).join(',')}`
  }

  /** Returns the master that initially had the hash slot of the key. */
  async readMaster(key: string): Promise<ClusterNode> {
    const slot = await this.readHashSlot(key)
    return this.masters[Math.floor((slot * this.masters.length) / HASH_SLOTS)] as ClusterNode
  }

  async readHashSlot(key: string): Promise<number> {
    return Number(await this.masters[0]?.admin.cluster('KEYSLOT', key))
  }

  /** Adds a replica of a master, and waits until it has caught up. */
  async addReplica(master: ClusterNode): Promise<ClusterNode> {
    const replica = await startNode([])
    this.#replicas.push(replica)
    await meet(replica, master)
    await until('the replica to know the master', async () =>
      String(await replica.admin.cluster('NODES')).includes(master.id),
    )
    await replica.admin.cluster('REPLICATE', master.id)
    await until('the replica to have caught up', async () =>
      (await replica.admin.info('replication')).includes('master_link_status:up'),
    )
    await this.untilWhole([...this.masters, replica])
    return replica
  }

  /** Waits until each node considers the cluster complete and itself a member. */
  async untilWhole(nodes: readonly ClusterNode[] = this.masters): Promise<void> {
    await until('every node to consider the cluster complete', async () => {
      const reports = await Promise.all(nodes.map(({ admin }) => admin.cluster('INFO')))
      const known = `cluster_known_nodes:${this.masters.length + this.#replicas.length}`
      return reports.every(
        report => String(report).includes('cluster_state:ok') && String(report).includes(known),
      )
    })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.masters, ...this.#replicas].map(node => node.stop()))
  }

  async #assemble(): Promise<void> {
    const { masters } = this
    await Promise.all(
      masters.map(async ({ admin }, index) => {
        const [first, next] = [index, index + 1].map(part => Math.ceil((part * HASH_SLOTS) / masters.length))
        await admin.cluster('ADDSLOTSRANGE', first as number, (next as number) - 1)
        await admin.cluster('SET-CONFIG-EPOCH', index + 1)
      }),
    )
    for (const master of masters.slice(1)) await meet(master, masters[0] as ClusterNode)
    await this.untilWhole()
  }
}

function startNode(settings: readonly string[]): Promise<ClusterNode> {
  return onFreePorts(() => startNodeOnce(settings))
}

async function startNodeOnce(settings: readonly string[]): Promise<ClusterNode> {
  const busPort = await freePort()
  const clustered = ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`]
  const impatient = ['--cluster-node-timeout', `${NODE_TIMEOUT_MS}`, ...COPIES_AT_ONCE]
  const node = await startValkey([...clustered, ...impatient, ...settings])
  return { ...node, busPort, id: String(await node.admin.cluster('MYID')) }
}

async function meet(node: ClusterNode, other: ClusterNode): Promise<void> {
  await node.admin.cluster('MEET', LOOPBACK, other.port, other.busPort)
}
