import { crc32 } from "node:zlib";

const PARTS: readonly (readonly [string, string])[] = [
  [
    "[Content_Types].xml",
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ' +
      'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
  ],
  [
    "word/document.xml",
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body/></w:document>',
  ],
];

/** A small Word document: a ZIP of stored parts. */
export function wordDocument(): Buffer {
  const parts = PARTS.map(([name, text]) => ({ name: Buffer.from(name), data: Buffer.from(text) }));
  const locals = parts.map(({ name, data }) =>
    Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), header(name, data), name, data]),
  );
  let at = 0;
  const centrals = parts.map(({ name, data }, index) => {
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    at += locals[index]!.length;
    return Buffer.concat([Buffer.from("PK\x01\x02\x14\x00", "latin1"), header(name, data), rest, name]);
  });
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

function header(name: Buffer, data: Buffer): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  header.writeUInt32LE(crc32(data), 10);
  header.writeUInt32LE(data.length, 14);
  header.writeUInt32LE(data.length, 18);
  header.writeUInt16LE(name.length, 22);
  return header;
}
