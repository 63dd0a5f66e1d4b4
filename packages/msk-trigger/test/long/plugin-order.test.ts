import { tryOrders } from '../integration/plugin-orders.ts'

/** Two of the orders in `../matrix`. The order of the plugins, and the command. The first plugin matters most: the trigger before what builds. */
const SAMPLE = [
  [['trigger', 'esbuild', 'offline'], ['offline']],
  [
    ['trigger', 'webpack', 'offline'],
    ['offline', 'start'],
  ],
] as const

tryOrders(SAMPLE)
