import { setting, slice } from './slice.ts'
import { httpAddress, text, wholeNumber } from './values.ts'

const BUCKET = text(
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  'the name of an S3 bucket: 3 to 63 lower-case letters, digits, "-" and "."',
)

export interface CheckpointSettings {
  /** Absent if no checkpoints are kept. */
  readonly checkpoints?: {
    readonly bucket: string
    /** Whether the bucket's name is in the path: a local cloud has only one host name. */
    readonly pathStyle: boolean
    /** How many checkpoints of each partition are kept. */
    readonly kept: number
  }
}

/** Where checkpoints of the partition states are kept. */
export const CHECKPOINTS = slice(
  'Checkpoints',
  {
    CHECKPOINT_BUCKET: setting(BUCKET, {
      description: 'The bucket for checkpoints: see [deploying](deployment.md#checkpoints).',
      otherwise: 'no checkpoints are taken',
      setBy: 'deployment',
    }),
    CHECKPOINTS_KEPT: setting(wholeNumber({ least: 1, most: 99 }), {
      description: 'How many checkpoints of each partition are kept.',
      default: '4',
    }),
    AWS_ENDPOINT_URL: setting(httpAddress(), {
      description: 'A local cloud in the place of AWS, for all of its services.',
      otherwise: 'AWS itself',
      setBy: 'deployment',
    }),
  },
  ({ CHECKPOINT_BUCKET: bucket, CHECKPOINTS_KEPT: kept, AWS_ENDPOINT_URL }): CheckpointSettings =>
    bucket ? { checkpoints: { bucket, pathStyle: AWS_ENDPOINT_URL !== undefined, kept } } : {},
)
