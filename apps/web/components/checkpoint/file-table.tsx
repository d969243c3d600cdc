import type { Checkpoint } from '@temper/db/contracts'
import { CopyId } from '#components/ui/copy.tsx'
import { formatBytes } from '#lib/format.ts'

/** Every file with its size and digest; each can be downloaded alone. */
export function FileTable({ checkpoint }: { checkpoint: Checkpoint }) {
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead className="bg-sunken text-left">
          <tr>
            <th className="px-4 py-1.5 font-medium">File</th>
            <th className="px-4 py-1.5 text-right font-medium">Size</th>
            <th className="px-4 py-1.5 font-medium">SHA-256</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {checkpoint.files.map((file) => (
            <tr key={file.path}>
              <th scope="row" className="px-4 py-1.5 text-left font-mono font-normal">
                <a
                  href={`/v1/checkpoints/${checkpoint.id}/files/${file.path}`}
                  download
                  className="underline decoration-line-strong underline-offset-2 hover:text-accent"
                >
                  {file.path}
                </a>
              </th>
              <td className="tabular px-4 py-1.5 text-right whitespace-nowrap" title={`${file.sizeBytes} bytes`}>
                {formatBytes(file.sizeBytes)}
              </td>
              <td className="min-w-[32rem] px-4 py-1.5">
                <CopyId id={file.sha256} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
