import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Logs in by JDBC, with each URL that it is given, and says as whom, or why not. */
public class Login {
    public static void main(String[] urls) {
        for (String url : urls) {
            try (Connection connection = DriverManager.getConnection(url);
                 Statement statement = connection.createStatement();
                 ResultSet rows = statement.executeQuery("select current_user")) {
                rows.next();
                System.out.println("jdbc: " + rows.getString(1));
            } catch (SQLException e) {
                System.out.println("jdbc: " + e.getSQLState() + " " + e.getMessage());
            }
        }
    }
}
