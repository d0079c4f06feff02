import sharp from "sharp";
import { END, frame, framesOf, type Finding, type Task } from "./inspector-frames.ts";
import { renderHeic } from "./heic.ts";
import { readPdf } from "./pdf.ts";

/**
 * The process that reads what strangers sent: one file after another from standard input, findings on standard output.
 * It is started with limits and an empty environment, and is killed and replaced whenever it does not answer in time.
 */
const MAX_FRAME_BYTES = 1024 * 1024;
const PREVIEW_QUALITY = 75;

// One file at a time, nothing kept between them, and no decoder but those three: libvips knows many more.
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: ["VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer", "VipsForeignLoadWebpBuffer"] });

const frames = framesOf(process.stdin as AsyncIterable<Buffer>, MAX_FRAME_BYTES);
process.stdout.write(END);
for (let head = await frames.next(); !head.done; head = await frames.next()) {
  const task = JSON.parse(head.value.toString("utf8")) as Task;
  const { finding, preview } = await read(task, bytesOf(frames));
  process.stdout.write(frame(Buffer.from(JSON.stringify(finding))));
  process.stdout.write(frame(preview));
}

async function read(task: Task, bytes: AsyncIterable<Buffer>): Promise<{ finding: Finding; preview: Buffer }> {
  if (task.read === "pdf") {
    return { finding: await readPdf(bytes), preview: Buffer.alloc(0) };
  }
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(piece);
  try {
    if (task.read === "heic") return await renderHeic(Buffer.concat(pieces), task.maxPixels);
    // Decoding for the preview is the reading: what is damaged, or larger than allowed, fails here.
    const { data, info } = await sharp(Buffer.concat(pieces), { limitInputPixels: task.maxPixels, failOn: "error" })
      .autoOrient()
      .resize(task.previewPixels, task.previewPixels, { fit: "inside", withoutEnlargement: true, kernel: "linear" })
      .flatten({ background: "#fff" })
      .jpeg({ quality: PREVIEW_QUALITY, optimiseCoding: false })
      .toBuffer({ resolveWithObject: true });
    return { finding: { width: info.width, height: info.height }, preview: data };
  } catch (error) {
    const tooLarge = Error.isError(error) && error.message.includes("pixel limit");
    const fault = tooLarge ? "it has more pixels than allowed" : "it cannot be decoded";
    return { finding: { fault }, preview: Buffer.alloc(0) };
  }
}

/** The bytes of one task, to its empty frame; what the reader leaves unread is read over, so the next task is found. */
async function* bytesOf(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let piece = await source.next();
  try {
    for (; !piece.done && piece.value.length > 0; piece = await source.next()) yield piece.value;
  } finally {
    while (!piece.done && piece.value.length > 0) piece = await source.next();
  }
}
