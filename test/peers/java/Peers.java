import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.model.AbstractGroup;
import ca.uhn.hl7v2.model.GenericMessage;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Structure;
import ca.uhn.hl7v2.parser.PipeParser;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;

/**
 * Judges a folder of what the engine makes: each *.hl7 as it goes over the wire by HAPI's structure classes of its own
 * version and by the conformance profile, each *.pdf by veraPDF as PDF/A-2b. Last line: "N passed, N failed"; exit code 1 when any failed.
 */
public final class Peers {
  public static void main(String[] args) throws Exception {
    VeraGreenfieldFoundryProvider.initialise();
    int passed = 0;
    int failed = 0;
    List<Path> files = new ArrayList<>();
    try (var listed = Files.list(Path.of(args[0]))) {
      listed.sorted().forEach(files::add);
    }
    for (Path file : files) {
      String name = file.getFileName().toString();
      String fault = name.endsWith(".pdf") ? judgePdf(file) : judgeHl7(Files.readAllBytes(file), Path.of(args[1]));
      System.out.println((fault == null ? "ok     " : "FAILED ") + name + (fault == null ? "" : ": " + fault));
      if (fault == null) passed++;
      else failed++;
    }
    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed == 0 && passed > 0 ? 0 : 1);
  }

  private static String judgeHl7(byte[] wire, Path profile) {
    try (HapiContext context = new DefaultHapiContext()) {
      String text = new String(wire, charsetOf(wire));
      PipeParser parser = context.getPipeParser();
      Message message = parser.parse(text);
      if (message instanceof GenericMessage) return "HAPI knows no such structure";
      for (String required : List.of("MSH", "EVN", "PID", "PV1", "TXA")) {
        if (message.get(required).isEmpty()) return "HAPI finds no " + required;
      }
      for (String foreign : ((AbstractGroup) message).getNonStandardNames()) {
        if (!foreign.startsWith("Z")) return message.getName() + " has no " + foreign + " there";
      }
      if (message.getName().equals("MDM_T02")) {
        // HAPI names the group of OBX and NTE differently from version to version.
        String group = List.of(message.getNames()).contains("OBXNTE") ? "OBXNTE" : "OBSERVATION";
        for (Structure observation : message.getAll(group)) {
          if (observation.isEmpty()) return "an OBX without content";
        }
      }
      boolean german = text.split("\r", 2)[0].contains("|2.5^DEU");
      List<String> faults = new Conformance(profile, german ? "german" : "").faultsOf(message);
      if (!faults.isEmpty()) return String.join("; ", faults);
      String again = parser.encode(message);
      return again.equals(text) ? null : "encoded again it differs at character " + difference(text, again);
    } catch (Exception fault) {
      return fault.getClass().getSimpleName() + ": " + fault.getMessage();
    }
  }

  private static Charset charsetOf(byte[] wire) {
    String header = new String(wire, StandardCharsets.ISO_8859_1).split("\r", 2)[0];
    String[] fields = header.split("\\|", -1);
    return fields.length > 17 && fields[17].equals("8859/1") ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
  }

  private static String difference(String one, String other) {
    int at = 0;
    while (at < one.length() && at < other.length() && one.charAt(at) == other.charAt(at)) at++;
    int from = Math.max(0, at - 30);
    return at + ": " + one.substring(from, Math.min(one.length(), at + 30)).replace('\r', '/')
        + " | " + other.substring(from, Math.min(other.length(), at + 30)).replace('\r', '/');
  }

  private static String judgePdf(Path file) throws Exception {
    try (var parser = Foundries.defaultInstance().createParser(file.toFile(), PDFAFlavour.PDFA_2_B);
        var validator = Foundries.defaultInstance().createValidator(PDFAFlavour.PDFA_2_B, false)) {
      var result = validator.validate(parser);
      if (result.isCompliant()) return null;
      StringBuilder faults = new StringBuilder();
      for (var one : result.getTestAssertions()) {
        faults.append("\n         ").append(one.getRuleId().getClause()).append(": ").append(one.getMessage());
      }
      return "veraPDF: not PDF/A-2b" + faults;
    }
  }

  private Peers() {}
}
