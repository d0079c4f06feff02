import { describe, expect, test } from "@jest/globals";
import { mediaHosts } from "#src/sources/whatsapp/media-hosts.ts";

describe("media hosts", () => {
  const hosts = mediaHosts(new URL("https://graph.facebook.com/v25.0"), ["*.fbsbx.com", "media.example:8443"]);

  test.each([
    "https://lookaside.fbsbx.com/a?b=c",
    "https://a.b.fbsbx.com/",
    "https://graph.facebook.com/x",
    "https://media.example:8443/",
    "https://LOOKASIDE.fbsbx.com:443/",
  ])("%s is named", (url) => {
    expect(hosts.pin(url).protocol).toBe("https:");
  });

  test.each([
    "http://lookaside.fbsbx.com/",
    "https://fbsbx.com/",
    "https://evilfbsbx.com/",
    "https://fbsbx.com.evil.example/",
    "https://lookaside.fbsbx.com:8443/",
    "https://media.example/",
    "https://lookaside.fbsbx.com@evil.example/",
    "https://user:word@lookaside.fbsbx.com/",
    "https://evil.example/#.fbsbx.com",
    "https://evil.example\\.fbsbx.com/",
    "https://127.0.0.1/",
    "file:///etc/passwd",
    "//lookaside.fbsbx.com/",
    "",
  ])("%s is refused", (url) => {
    expect(() => hosts.pin(url)).toThrow(expect.objectContaining({ code: "MEDIA_HOST_REFUSED" }));
  });
});
